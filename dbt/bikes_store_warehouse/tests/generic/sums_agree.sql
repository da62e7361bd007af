{#- A column adds up to the same as another relation's, to the last digit; `other_column` may be 1, to count. -#}
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
where here <> there

{% endtest %}
