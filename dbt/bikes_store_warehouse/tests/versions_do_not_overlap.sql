-- In each dimension that keeps history, no two versions of a key hold at the same moment.
with

{% for name in dimensions_with_history() -%}
    {{ name }} as (

        select
            nk_{{ name }} as nk,
            dbt_scd_id,
            dbt_valid_from,
            dbt_valid_to
        from {{ ref('dim_' ~ name) }}

    ){{ ',' if not loop.last }}

{% endfor %}

{% for name in dimensions_with_history() %}
    select
        'dim_{{ name }}' as dimension,
        earlier.nk,
        later.dbt_valid_from
    from {{ name }} as earlier
    inner join {{ name }} as later
        on
            earlier.nk = later.nk
            and earlier.dbt_scd_id <> later.dbt_scd_id
            and earlier.dbt_valid_from <= later.dbt_valid_from
            and coalesce(earlier.dbt_valid_to, 'infinity') > later.dbt_valid_from
    {% if not loop.last %}union all{% endif %}
{% endfor %}
