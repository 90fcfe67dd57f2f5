* Linked people weighted by the link rate of their group: groups with more missed links count in full.
*
* do examples/weights.do     // in the extract's folder; Stata 16 or later{{ "" if has_csv else ". Stata reads no Parquet: write the tables to csv/ first, for example with R" }}
*
* The group here is `{{ group[1] }}' of `{{ group[0] }}'. Use groups in which linked and unlinked people are alike, and large ones.
* Harron and others, International Journal of Epidemiology 46 (2017).
version 16
tempfile linked groups pay

import delimited using "csv/linkage.csv", clear varnames(1) case(preserve)
keep if inlist(source, {{ sources | map("tojson") | join(", ") }})
keep AE_ID
duplicates drop
generate byte linked = 1
save `linked'

import delimited using "csv/{{ group[0] }}.csv", clear varnames(1) case(preserve) stringcols(_all)
keep AE_ID {{ group[1] }}
rename {{ group[1] }} group
drop if group == ""
bysort AE_ID: keep if _n == 1
save `groups'
{% if has_pay %}

import delimited using "csv/leo_earnings.csv", clear varnames(1) case(preserve)
keep AE_ID Earnings
save `pay'
{% endif %}

import delimited using "csv/people.csv", clear varnames(1) case(preserve)
keep AE_ID
merge 1:1 AE_ID using `linked', keep(master match) nogenerate
replace linked = 0 if missing(linked)
merge 1:1 AE_ID using `groups', keep(master match) nogenerate keepusing(group)
replace group = "not known" if group == ""
egen double link_rate = mean(linked), by(group)
summarize linked, meanonly
generate double weight = r(mean) / link_rate
tabstat link_rate weight, by(group)
{% if has_pay %}

keep if linked
merge 1:m AE_ID using `pay', keep(match) nogenerate
mean Earnings
mean Earnings [pweight = weight], vce(cluster AE_ID)
{% endif %}
