-- Sales of a day by territory and channel: the base of most charts.
with

order_lines as (

    select * from {{ ref('fact_order') }}

),

dates as (

    select * from {{ ref('dim_date') }}

),

sales_territories as (

    select * from {{ ref('dim_sales_territory') }}

),

summed as (

    select
        dates.nk_date as order_date,
        sales_territories.territory_name,
        sales_territories.territory_group,
        order_lines.sales_channel,
        count(distinct order_lines.nk_sales_order) as orders,
        count(*) as order_lines,
        sum(order_lines.order_qty) as units,
        sum(order_lines.line_total) as revenue,
        sum(order_lines.tax_amount) as tax_amount,
        sum(order_lines.freight) as freight,
        sum(order_lines.total_due) as total_due
    from order_lines
    inner join dates on order_lines.sk_order_date = dates.sk_date
    inner join sales_territories on order_lines.sk_sales_territory = sales_territories.sk_sales_territory
    group by 1, 2, 3, 4

)

select * from summed
