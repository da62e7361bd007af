"""A Terraform provider from a schema table and a few classes that do the work (plugin protocol 6).

A double takes the place of a provider that can't be downloaded here. It plans as the real one does, as far as the
project needs it: defaults, computed values, changes that replace a resource. What it makes is real; see the modules
beside this one.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any, ClassVar

import tf.provider
import tf.runner
from tf.gen import tfplugin_pb2 as pb
from tf.types import Unknown
from tf.utils import Diagnostics, read_dynamic_value, to_dynamic_value

from tests.support.doubles.schema import Block, Schema

Values = dict[str, Any]


class Refused(Exception):
    """An error that a provider reports. With ``state``, the resource exists but is not as it should be: tainted."""

    def __init__(self, message: str, state: Values | None = None) -> None:
        super().__init__(message)
        self.state = state


class Kind:
    """A kind of resource. ``provider`` holds the provider's configuration."""

    def __init__(self, provider: Values) -> None:
        self.provider = provider

    @staticmethod
    def check(config: Values) -> None:
        """Check a configuration before anything is made. Its values may be Unknown.

        :raises Refused: when the configuration is wrong.
        """

    def create(self, planned: Values) -> Values:
        """Make the resource; returns the computed values, ``id`` at least."""
        raise NotImplementedError

    def read(self, state: Values) -> Values | None:
        """The values that have changed since; None when the resource is gone."""
        raise NotImplementedError

    def update(self, prior: Values, planned: Values) -> Values:
        raise NotImplementedError

    def delete(self, state: Values) -> None:
        raise NotImplementedError


class Double:
    """A provider, as the `tf` package wants it."""

    def __init__(self, schema: Schema, kinds: Mapping[str, type[Kind]]) -> None:
        self.schema = schema
        self.kinds = kinds

    def full_name(self) -> str:
        return self.schema.source

    def get_model_prefix(self) -> str:
        return ""

    def get_resources(self) -> list[Any]:
        return []

    get_data_sources = get_functions = get_resources


class Servicer(tf.provider.ProviderServicer):
    """Answers Terraform's calls, which come from several threads at once."""

    configuration: ClassVar[Values] = {}

    def __init__(self, app: Double) -> None:
        super().__init__(app)
        self.double = app

    def GetProviderSchema(self, request: Any, context: Any) -> Any:
        schema = self.double.schema
        return pb.GetProviderSchema.Response(
            provider=pb.Schema(block=schema.provider.to_pb()),
            resource_schemas={name: pb.Schema(block=block.to_pb()) for name, block in schema.resources.items()},
        )

    def ValidateProviderConfig(self, request: Any, context: Any) -> Any:
        return pb.ValidateProviderConfig.Response()

    def ConfigureProvider(self, request: Any, context: Any) -> Any:
        Servicer.configuration = read_dynamic_value(request.config)
        return pb.ConfigureProvider.Response()

    def ValidateResourceConfig(self, request: Any, context: Any) -> Any:
        diagnostics = Diagnostics()
        try:
            self.double.kinds[request.type_name].check(read_dynamic_value(request.config))
        except Refused as error:
            diagnostics.add_error(str(error))
        return pb.ValidateResourceConfig.Response(diagnostics=diagnostics.to_pb())

    def UpgradeResourceState(self, request: Any, context: Any) -> Any:
        state = json.loads(request.raw_state.json)
        return pb.UpgradeResourceState.Response(upgraded_state=to_dynamic_value(state))

    def PlanResourceChange(self, request: Any, context: Any) -> Any:
        prior, proposed = read_dynamic_value(request.prior_state), read_dynamic_value(request.proposed_new_state)
        if proposed is None:
            return pb.PlanResourceChange.Response(planned_state=request.proposed_new_state)
        block = self.double.schema.resources[request.type_name]
        planned = fill(block, proposed, new=prior is None)
        replaced_by = [] if prior is None else what_replaces(block, prior, planned)
        return pb.PlanResourceChange.Response(
            planned_state=to_dynamic_value(planned),
            requires_replace=[
                pb.AttributePath(steps=[pb.AttributePath.Step(attribute_name=name)]) for name in replaced_by
            ],
            legacy_type_system=True,  # so a provider may give defaults to optional attributes
        )

    def ApplyResourceChange(self, request: Any, context: Any) -> Any:
        prior, planned = read_dynamic_value(request.prior_state), read_dynamic_value(request.planned_state)
        kind = self.double.kinds[request.type_name](Servicer.configuration)
        diagnostics = Diagnostics()
        state: Values | None = prior
        try:
            if planned is None:
                kind.delete(prior)
                state = None
            elif prior is None:
                state = without_unknown({**planned, **kind.create(planned)})
            else:
                state = without_unknown({**planned, **kind.update(prior, planned)})
        except Refused as error:
            diagnostics.add_error(str(error))
            state = without_unknown({**planned, **error.state}) if planned and error.state else state
        except Exception as error:  # Terraform's user must see any error
            diagnostics.add_error(f"{request.type_name}: {type(error).__name__}: {error}")
        return pb.ApplyResourceChange.Response(
            new_state=to_dynamic_value(state), diagnostics=diagnostics.to_pb(), legacy_type_system=True
        )

    def ReadResource(self, request: Any, context: Any) -> Any:
        state = read_dynamic_value(request.current_state)
        diagnostics = Diagnostics()
        try:
            changed = self.double.kinds[request.type_name](Servicer.configuration).read(state)
            state = None if changed is None else {**state, **changed}
        except Exception as error:
            diagnostics.add_error(f"{request.type_name}: {type(error).__name__}: {error}")
        return pb.ReadResource.Response(new_state=to_dynamic_value(state), diagnostics=diagnostics.to_pb())


def blocks(values: Values, name: str) -> list[Values]:
    """The blocks of a name, if they are known already."""
    found = values[name]
    return found if isinstance(found, list) else []


def fill(block: Block, values: Values, new: bool) -> Values:
    """Give attributes without a value their default, or mark them as known after apply."""
    filled = dict(values)
    for name, attribute in block.attributes.items():
        if filled.get(name) is None:
            if attribute.default is not None:
                filled[name] = attribute.default
            elif "C" in attribute.flags and new:
                filled[name] = Unknown
    for name, inner in block.blocks.items():
        if isinstance(filled.get(name), list):
            filled[name] = [fill(inner, item, new) for item in filled[name]]
    return filled


def what_replaces(block: Block, prior: Values, planned: Values) -> list[str]:
    """The changed attributes and blocks that need a new resource."""
    names = [name for name, attribute in block.attributes.items() if "F" in attribute.flags]
    changed = [name for name in names if not _same(block.attributes[name].type, prior.get(name), planned.get(name))]
    for name, inner in block.blocks.items():
        kind = [inner.nesting, "block"]
        if "F" in inner.flags and not _same(kind, prior.get(name), planned.get(name)):
            changed.append(name)
    return changed


def without_unknown(value: Any) -> Any:
    """A copy of the value in which all that is still unknown is null."""
    if value is Unknown:
        return None
    if isinstance(value, dict):
        return {name: without_unknown(item) for name, item in value.items()}
    if isinstance(value, list):
        return [without_unknown(item) for item in value]
    return value


def run(double: Double) -> None:
    """Serve until Terraform has finished."""
    tf.provider.ProviderServicer = Servicer
    tf.runner.ProviderServicer = Servicer
    tf.runner.run_provider(double, sys.argv)


def _same(kind: Any, one: Any, other: Any) -> bool:
    return _normal(kind, one) == _normal(kind, other)


def _normal(kind: Any, value: Any) -> str:
    if value is Unknown or value is None:
        return repr(value)
    if isinstance(kind, list) and kind[0] == "set":
        value = sorted(json.dumps(item, sort_keys=True, default=repr) for item in value)
    return json.dumps(value, sort_keys=True, default=repr)
