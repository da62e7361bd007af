-- In each dimension that keeps history, no two versions of a key hold at the same moment.
{% for name in dimensions_with_history() %}
    select
        'dim_{{ name }}' as dimension,
        earlier.nk_{{ name }} as nk,
        later.dbt_valid_from
    from {{ ref('dim_' ~ name) }} as earlier
    inner join {{ ref('dim_' ~ name) }} as later
        on
            earlier.nk_{{ name }} = later.nk_{{ name }}
            and earlier.dbt_scd_id <> later.dbt_scd_id
            and earlier.dbt_valid_from <= later.dbt_valid_from
            and coalesce(earlier.dbt_valid_to, 'infinity') > later.dbt_valid_from
    {% if not loop.last %}union all{% endif %}
{% endfor %}
