* How far a finding depends on the linkage: an estimate on each link draw, combined by Rubin's rules.
*
* do examples/rubin.do     // in the extract's folder; Stata 16 or later{{ "" if has_csv else ". Stata reads no Parquet: write the tables to csv/ first, for example with R" }}
*
* The estimate here is {{ "the mean pay of a person-year" if has_pay else "the share of people who have a tax or benefit key" }}. Replace it by your own.
* D. B. Rubin, Multiple imputation for nonresponse in surveys (1987), chapter 3; for links, Goldstein, Harron and Wade,
* Statistics in Medicine 31 (2012).
version 16
tempfile draws table results
tempname posted

import delimited using "csv/link_draws.csv", clear varnames(1) case(preserve)
{% if not has_pay %}
keep AE_ID draw
duplicates drop
generate byte linked = 1
{% endif %}
save `draws'
levelsof draw, local(numbers)
{% if has_pay %}
import delimited using "csv/leo_earnings.csv", clear varnames(1) case(preserve)
keep EDUKEY Earnings
{% else %}
import delimited using "csv/people.csv", clear varnames(1) case(preserve)
keep AE_ID
{% endif %}
save `table'

postfile `posted' double(estimate variance) using `results'
foreach number of local numbers {
    use if draw == `number' using `draws', clear
{% if has_pay %}
    joinby EDUKEY using `table'
    summarize Earnings
{% else %}
    merge 1:1 AE_ID using `table', keep(using match) nogenerate
    replace linked = 0 if missing(linked)
    summarize linked
{% endif %}
    post `posted' (r(mean)) (r(Var) / r(N))
}
postclose `posted'

use `results', clear
summarize variance, meanonly
local within = r(mean)
summarize estimate
local total = `within' + (1 + 1 / r(N)) * r(Var)
display r(mean) ", standard error " sqrt(`total') " over " r(N) " link draws"
display "share of its variance from linkage " (1 + 1 / r(N)) * r(Var) / `total'
