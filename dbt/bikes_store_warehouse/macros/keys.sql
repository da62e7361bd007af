{#- Keys of the star. A null part makes the key null, so that a not_null test finds it. -#}

{% macro surrogate_key(columns) -%}
    md5({% for column in columns %}{{ column }}::text{% if not loop.last %} || '|' || {% endif %}{% endfor %})
{%- endmacro %}

{#- Every dimension's unknown member has this key: what a fact cannot name, it names so. -#}
{% macro unknown_key() -%}
    '00000000000000000000000000000000'
{%- endmacro %}

{% macro or_unknown(key) -%}
    coalesce({{ key }}, {{ unknown_key() }})
{%- endmacro %}
