{#-
  No number is NaN or infinite, and no date is infinite: one of them is enough to make a whole sum unreadable, and it
  equals itself, so sums that hold it seem to agree. Finds a row for each such column, with the number of its rows. The
  columns are those that the relation has, so a new one is looked at too.
-#}
{% test only_finite_values(model) %}

{% set columns = numbers_and_dates(model) %}

with

counted as (

    select
        array[{{ columns | map(attribute='name') | join(', ') }}] as names,
        array[{{ columns | map(attribute='count') | join(', ') }}] as counts
    from {{ model }}

)

select
    found.column_name,
    found.row_count
from counted
cross join unnest(counted.names, counted.counts) as found (column_name, row_count)
where found.row_count > 0

{% endtest %}
