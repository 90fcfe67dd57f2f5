# How far a finding depends on the linkage: an estimate on each link draw, combined by Rubin's rules.
#
# Rscript examples/rubin.R     # in the extract's folder; needs dplyr and {{ "arrow" if form == "parquet" else "readr" }}
#
# The estimate here is {{ "the mean pay of a person-year" if has_pay else "the share of people who have a tax or benefit key" }}. Replace `estimate` by your own.
# D. B. Rubin, Multiple imputation for nonresponse in surveys (1987), chapter 3; for links, Goldstein, Harron and Wade,
# Statistics in Medicine 31 (2012).
library(dplyr)

read <- function(table) {{ reader }}

draws <- read("link_draws")
{% if has_pay %}
pay <- read("leo_earnings") |> select(EDUKEY, Earnings) |> filter(!is.na(Earnings))

estimate <- function(links, draw) {
  earnings <- inner_join(links, pay, by = "EDUKEY", relationship = "many-to-many")$Earnings
  tibble(estimate = mean(earnings), variance = var(earnings) / length(earnings))
}
{% else %}
people <- read("people")

estimate <- function(links, draw) {
  share <- mean(people$AE_ID %in% links$AE_ID)
  tibble(estimate = share, variance = share * (1 - share) / nrow(people))
}
{% endif %}

results <- draws |> group_by(draw) |> group_modify(estimate)
m <- nrow(results)
between <- var(results$estimate)
total <- mean(results$variance) + (1 + 1 / m) * between
cat(mean(results$estimate), "standard error", sqrt(total), "over", m, "link draws\n")
cat("share of its variance from linkage", (1 + 1 / m) * between / total, "\n")
