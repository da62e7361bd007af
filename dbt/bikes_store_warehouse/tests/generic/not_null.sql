{#- Like the not_null test of dbt, but it selects the whole row: a null alone does not say which row it is in. -#}
{% test not_null(model, column_name) %}

select *
from {{ model }}
where {{ column_name }} is null

{% endtest %}
