{#-
  A table whose inputs did not change since it was built is not built again.

  The table build_inputs holds, for each table that dbt built, two fingerprints: of its inputs, taken before it was
  built, and of its own rows, taken after. Both are written in the transaction that builds the table. So a fingerprint
  is never newer than what was read: if a load commits in between, the next run builds the table once more.

  A table of the staging area is known by the stamps of its rows, whoever wrote them. A table that dbt built is known by
  all that its rows hold. So one that was changed by hand is built again, and so is what reads it. A model is known by
  the code that it compiles to. So what looks at itself, as fact_order and the snapshots do, runs once more after the
  first time.
-#}

{#- dbt's own materializations, with that check before them. -#}
{% materialization table, adapter='postgres' %}
    {%- if inputs_are_unchanged() -%}
        {{ return(leave_as_it_is()) }}
    {%- endif -%}
    {{ return(materialization_table_default()) }}
{% endmaterialization %}

{% materialization incremental, adapter='postgres' %}
    {%- if inputs_are_unchanged() -%}
        {{ return(leave_as_it_is()) }}
    {%- endif -%}
    {{ return(materialization_incremental_default()) }}
{% endmaterialization %}

{% materialization snapshot, adapter='postgres' %}
    {%- if inputs_are_unchanged() -%}
        {{ return(leave_as_it_is()) }}
    {%- endif -%}
    {{ return(materialization_snapshot_default()) }}
{% endmaterialization %}

{% macro leave_as_it_is() -%}
    {#- dbt drops the table that it has replaced after its commit. A build that was killed in between has left it. -#}
    {%- set replaced = load_relation(make_backup_relation(this, 'table')) -%}
    {%- if replaced is not none -%}
        {%- do drop_relation(replaced) -%}
        {%- do run_query('commit') -%}
    {%- endif -%}
    {%- do store_raw_result('main', message='UNCHANGED', code='UNCHANGED', rows_affected='0') -%}
    {{ return({'relations': [this]}) }}
{%- endmacro %}

{% macro build_inputs() -%}
    {{ return(this.incorporate(path={'identifier': 'build_inputs'}).render()) }}
{%- endmacro %}

{#- Whether the table is as the same model built it, from what its inputs hold now. -#}
{% macro inputs_are_unchanged() -%}
    {%- if should_full_refresh() or flags.EMPTY or is_always_built() or load_relation(this) is none
        or load_relation(this.incorporate(path={'identifier': 'build_inputs'})) is none -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set query -%}
        select coalesce(bool_or(
            inputs = {{ fingerprint_of_inputs() }} and contents = {{ fingerprint_of_rows(this.render()) }}
        ), false) from {{ build_inputs() }}
        where table_name = '{{ this.identifier }}'
    {%- endset -%}
    {{ return(run_query(query).columns[0][0]) }}
{%- endmacro %}

{#- Whether a model asks for it: one whose rows depend on more than its inputs, or that has to see changes by hand. -#}
{% macro is_always_built() -%}
    {{ return(config.get('meta', {}).get('build') == 'always') }}
{%- endmacro %}

{#- A pre-hook: notes what the table is about to be built from. -#}
{% macro note_inputs() -%}
    {%- if execute and not flags.EMPTY %}
        do $$
        begin
            if to_regclass('{{ build_inputs() }}') is null then
                perform pg_advisory_xact_lock(hashtextextended('{{ build_inputs() }}', 0));
                create table if not exists {{ build_inputs() }} (
                    table_name text primary key, inputs text, contents text
                );
                comment on table {{ build_inputs() }} is
                    'What each table of this schema was built from: a technical table. Without it, all are built again.';
                comment on column {{ build_inputs() }}.table_name is 'Name of the table.';
                comment on column {{ build_inputs() }}.inputs is
                    'Fingerprint of its model and of the rows that it was built from; null if that does not matter.';
                comment on column {{ build_inputs() }}.contents is 'Fingerprint of its own rows after that.';
            end if;
        end
        $$;
        insert into {{ build_inputs() }} as held (table_name, inputs)
        values ('{{ this.identifier }}', {{ 'null' if is_always_built() else fingerprint_of_inputs() }})
        on conflict (table_name) do update set inputs = excluded.inputs, contents = null
    {%- endif -%}
{%- endmacro %}

{#-
  A post-hook: notes what the table holds now. A model's own post-hooks come after it, so they must not change rows: what
  has to change them is a pre-hook.
-#}
{% macro note_contents() -%}
    {%- if execute and not flags.EMPTY %}
        update {{ build_inputs() }}
        set contents = {{ fingerprint_of_rows(this.render()) }}
        where table_name = '{{ this.identifier }}'
    {%- endif -%}
{%- endmacro %}

{#-
  Number and sum of the rows' hashes. The order of rows does not matter, and a row that went or came does.

  row  what tells whether a row is still the same; all of it unless something is given
-#}
{% macro fingerprint_of_rows(relation, row='held') -%}
    (
        select count(*) || ' ' || coalesce(sum(hash_record_extended({{ row }}, 0)), 0)
        from {{ relation }} as held
    )
{%- endmacro %}

{#- One text for all that decides what the table will hold: the model itself, and the rows of what it reads. -#}
{% macro fingerprint_of_inputs() -%}
    {%- set code = tojson([model.compiled_code, model.config, model.description, model.columns], '', true) -%}
    {%- set parts = ["'" ~ local_md5(code) ~ "'"] -%}
    {%- for input in all_inputs(model.unique_id) -%}
        {%- if input.resource_type == 'source' -%}
            {%- do parts.append(fingerprint_of_rows(input.relation_name, 'row(held.changed_at)')) -%}
        {%- else -%}
            {#- null when it is not known, which equals nothing -#}
            {%- do parts.append(
                "(select contents from " ~ build_inputs() ~ " where table_name = '" ~ (input.alias or input.name) ~ "')"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    md5({{ parts | join(" || '|' || ") }})
{%- endmacro %}

{#- The sources and tables that a model reads, by name; an ephemeral model stands for what it reads itself. -#}
{% macro all_inputs(unique_id) -%}
    {%- set found = {} -%}
    {%- for id in graph.nodes[unique_id].depends_on.nodes -%}
        {%- set node = graph.nodes.get(id) or graph.sources.get(id) -%}
        {%- if node.config.materialized == 'ephemeral' -%}
            {%- for deeper in all_inputs(id) -%}{%- do found.update({deeper.unique_id: deeper}) -%}{%- endfor -%}
        {%- else -%}
            {%- do found.update({id: node}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found.values() | sort(attribute='unique_id') | list) }}
{%- endmacro %}
