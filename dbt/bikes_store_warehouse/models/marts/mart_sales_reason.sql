-- Why customers bought, by year. An order with two reasons counts under both, so the rows of a year add up to more than
-- its sales; orders without a reason are under "None given".
with

order_lines as (

    select * from {{ ref('fact_order') }}

),

dates as (

    select * from {{ ref('dim_date') }}

),

order_reasons as (

    select * from {{ ref('fact_order_reason') }}

),

sales_reasons as (

    select * from {{ ref('dim_sales_reason') }}

),

orders as (

    select
        order_lines.nk_sales_order,
        dates.year_number as order_year,
        sum(order_lines.line_total) as revenue
    from order_lines
    inner join dates on order_lines.sk_order_date = dates.sk_date
    group by 1, 2

),

reasons_given as (

    select
        order_reasons.nk_sales_order,
        sales_reasons.sales_reason_name,
        sales_reasons.sales_reason_type
    from order_reasons
    inner join sales_reasons on order_reasons.sk_sales_reason = sales_reasons.sk_sales_reason

),

summed as (

    select
        orders.order_year,
        coalesce(reasons_given.sales_reason_name, 'None given') as sales_reason_name,
        coalesce(reasons_given.sales_reason_type, 'None given') as sales_reason_type,
        count(*) as orders,
        sum(orders.revenue) as revenue
    from orders
    left join reasons_given on orders.nk_sales_order = reasons_given.nk_sales_order
    group by 1, 2, 3

)

select * from summed
