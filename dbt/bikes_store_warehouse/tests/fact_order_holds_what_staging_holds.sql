-- Every column of fact_order that comes from the staging area is what the staging area gives now: names, numbers, keys,
-- and each line's share of its order's amounts. The last line's share is what the others leave over, so the test
-- order_amounts_equal_their_headers finds that one.
{% set values = {
    'sk_product': 'sk_product',
    'sk_special_offer': 'sk_special_offer',
    'carrier_tracking_number': 'carrier_tracking_number',
    'order_qty': 'order_qty',
    'unit_price': 'unit_price',
    'unit_price_discount': 'unit_price_discount',
    'line_total': 'line_total',
    'purchase_order_number': 'purchase_order_number',
    'sales_channel': "coalesce(sales_channel, 'unknown')",
    'order_status': 'order_status',
    'modified_at': 'greatest(modified_at, order_modified_at)',
    'tax_amount': 'case when is_last_line then built_tax_amount else ' ~ share_of('coalesce(order_tax_amount, 0)') ~ ' end',
    'freight': 'case when is_last_line then built_freight else ' ~ share_of('coalesce(order_freight, 0)') ~ ' end',
    'total_due': 'case when is_last_line then built_total_due else ' ~ share_of('coalesce(order_total_due, 0)') ~ ' end',
} %}
{% for key in keys_of_orders() %}
    {% do values.update({key: or_unknown(key)}) %}
{% endfor %}

with

order_lines as (

    select
        *,
        order_qty * unit_price * (1 - unit_price_discount) as line_total
    from {{ ref('int_order_lines_keyed') }}

),

orders as (

    select * from {{ ref('int_orders_keyed') }}

),

fact as (

    select * from {{ ref('fact_order') }}

),

weighed as (

    select
        *,
        sum(line_total) over (partition by nk_sales_order) as order_line_total,
        count(*) over (partition by nk_sales_order) as order_line_count,
        max(nk_sales_order_detail) over (partition by nk_sales_order) = nk_sales_order_detail as is_last_line
    from order_lines

),

staged as (

    select
        weighed.*,
        {% for key in keys_of_orders() -%}
            orders.{{ key }},
        {% endfor -%}
        orders.purchase_order_number,
        orders.sales_channel,
        orders.order_status,
        orders.tax_amount as order_tax_amount,
        orders.freight as order_freight,
        orders.total_due as order_total_due,
        orders.modified_at as order_modified_at
    from weighed
    left join orders on weighed.nk_sales_order = orders.nk_sales_order

),

compared as (

    select
        {% for column in values -%}
            fact.{{ column }} as built_{{ column }},
        {% endfor -%}
        staged.*
    from staged
    inner join fact
        on
            staged.nk_sales_order = fact.nk_sales_order
            and staged.nk_sales_order_detail = fact.nk_sales_order_detail

),

differing as (

    select
        nk_sales_order,
        nk_sales_order_detail,
        concat_ws(
            ', ',
            {%- for column, value in values.items() %}
                case
                    when built_{{ column }} is distinct from {{ value }} then '{{ column }}'
                end{{ ',' if not loop.last }}
            {%- endfor %}
        ) as columns
    from compared

)

select * from differing
where columns <> ''
