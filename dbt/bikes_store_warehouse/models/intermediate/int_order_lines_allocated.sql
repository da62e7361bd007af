-- Order lines with their header, whose amounts are shared out to them. A line whose header has not arrived is kept.
with

orders_to_build as (

    select * from {{ ref('int_orders_to_build') }}

),

-- filtered here, before the lines are sorted and added up by order, so that a run pays for the orders it builds
order_lines as (

    select * from {{ ref('int_order_lines_keyed') }}
    where nk_sales_order in (select orders_to_build.nk_sales_order from orders_to_build)

),

orders as (

    select * from {{ ref('int_orders_keyed') }}

),

joined as (

    select
        order_lines.nk_sales_order,
        order_lines.nk_sales_order_detail,
        order_lines.sk_product,
        order_lines.sk_special_offer,
        {% for key in keys_of_orders() -%}
            {{ or_unknown('orders.' ~ key) }} as {{ key }},
        {% endfor -%}
        orders.purchase_order_number,
        order_lines.carrier_tracking_number,
        coalesce(orders.sales_channel, 'unknown') as sales_channel,
        orders.order_status,
        order_lines.order_qty,
        order_lines.unit_price,
        order_lines.unit_price_discount,
        order_lines.order_qty * order_lines.unit_price * (1 - order_lines.unit_price_discount) as line_total,
        coalesce(orders.tax_amount, 0) as order_tax_amount,
        coalesce(orders.freight, 0) as order_freight,
        coalesce(orders.total_due, 0) as order_total_due,
        greatest(order_lines.modified_at, orders.modified_at) as modified_at,
        order_lines.changed_at as line_changed_at,
        orders.changed_at as header_changed_at
    from order_lines
    left join orders on order_lines.nk_sales_order = orders.nk_sales_order

),

weighed as (

    select
        *,
        sum(line_total) over (partition by nk_sales_order) as order_line_total,
        count(*) over (partition by nk_sales_order) as order_line_count,
        row_number() over (partition by nk_sales_order order by nk_sales_order_detail desc) = 1 as is_last_line
    from joined

),

shared_out as (

    select
        *,
        {{ share_of('order_tax_amount') }} as tax_share,
        {{ share_of('order_freight') }} as freight_share,
        {{ share_of('order_total_due') }} as total_due_share
    from weighed

),

allocated as (

    select
        *,
        tax_share + {{ remainder_of('order_tax_amount', 'tax_share') }} as tax_amount,
        freight_share + {{ remainder_of('order_freight', 'freight_share') }} as freight,
        total_due_share + {{ remainder_of('order_total_due', 'total_due_share') }} as total_due
    from shared_out

)

select * from allocated
