-- Sales of a month by channel: the web shop and the resellers.
with

order_lines as (

    select * from {{ ref('fact_order') }}

),

dates as (

    select * from {{ ref('dim_date') }}

),

summed as (

    select
        dates.month_start_date as order_month,
        order_lines.sales_channel,
        count(distinct order_lines.nk_sales_order) as orders,
        count(*) as order_lines,
        sum(order_lines.order_qty) as units,
        sum(order_lines.line_total) as revenue,
        round(sum(order_lines.line_total) / count(distinct order_lines.nk_sales_order), 2) as average_order_value
    from order_lines
    inner join dates on order_lines.sk_order_date = dates.sk_date
    group by 1, 2

)

select * from summed
