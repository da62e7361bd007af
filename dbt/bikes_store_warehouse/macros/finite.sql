{#- The columns of a relation that may hold NaN or an infinity: the name, and an aggregate that counts such rows. -#}
{% macro numbers_and_dates(relation) -%}
    {#- One that is always there: without any aggregate, a query would give a row for each row. -#}
    {%- set found = [{'name': "'none'", 'count': 'count(*) filter (where false)'}] -%}
    {%- for column in adapter.get_columns_in_relation(relation) if execute -%}
        {%- set quoted = adapter.quote(column.name) -%}
        {%- if column.is_numeric() or column.is_float() -%}
            {%- set fault = quoted ~ " in ('NaN', 'Infinity', '-Infinity')" -%}
        {%- elif column.dtype.startswith(('timestamp', 'date')) -%}
            {%- set fault = 'not isfinite(' ~ quoted ~ ')' -%}
        {%- else -%}
            {%- set fault = none -%}
        {%- endif -%}
        {%- if fault -%}
            {%- set count = 'count(*) filter (where ' ~ fault ~ ')' -%}
            {%- do found.append({'name': "'" ~ column.name ~ "'", 'count': count}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
