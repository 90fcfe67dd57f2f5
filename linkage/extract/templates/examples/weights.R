# Linked people weighted by the link rate of their group: groups with more missed links count in full.
#
# Rscript examples/weights.R     # in the extract's folder; needs dplyr and {{ "arrow" if form == "parquet" else "readr" }}
#
# The group here is `{{ group[1] }}` of `{{ group[0] }}`. Use groups in which linked and unlinked people are alike, and large ones.
# Harron and others, International Journal of Epidemiology 46 (2017).
library(dplyr)

read <- function(table) {{ reader }}

linked <- read("linkage") |> filter(source %in% c({{ sources | map("tojson") | join(", ") }})) |> distinct(AE_ID)
groups <- read("{{ group[0] }}") |>
  filter(!is.na({{ group[1] }})) |>
  distinct(AE_ID, .keep_all = TRUE) |>
  transmute(AE_ID, group = as.character({{ group[1] }}))
people <- read("people") |>
  transmute(AE_ID, linked = AE_ID %in% linked$AE_ID) |>
  left_join(groups, by = "AE_ID") |>
  mutate(group = coalesce(group, "not known"), overall = mean(linked)) |>
  group_by(group) |>
  mutate(link_rate = mean(linked), weight = overall / link_rate) |>
  ungroup()
print(distinct(people, group, link_rate, weight))
{% if has_pay %}
pay <- people |>
  filter(linked) |>
  inner_join(read("leo_earnings"), by = "AE_ID") |>
  filter(!is.na(Earnings))
cat("mean pay of a person-year", mean(pay$Earnings), "weighted", weighted.mean(pay$Earnings, pay$weight), "\n")
{% endif %}
