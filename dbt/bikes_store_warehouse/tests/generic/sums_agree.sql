{#- A column has the same sum as another relation's column, to the last digit. An `other_column` of 1 counts rows.
    A sum that is NaN or infinite agrees with nothing, although it equals itself. -#}
{% test sums_agree(model, column, other, other_column) %}

with

sums as (

    select
        (select coalesce(sum({{ column }}), 0) from {{ model }}) as here,
        (select coalesce(sum({{ other_column }}), 0) from {{ other }}) as there

)

select
    here,
    there,
    here - there as difference
from sums
where (here - there = 0) is not true

{% endtest %}
