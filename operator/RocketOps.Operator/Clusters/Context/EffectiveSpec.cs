using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;

namespace RocketOps.Operator.Clusters.Context;

/// <summary>
/// Part of a cluster's spec that can be honoured. A field that cannot be keeps the value that is in effect and is reported; it does not
/// stop the rest.
/// </summary>
/// <param name="Spec">The spec to work with.</param>
/// <param name="Staying">So many of its groups stay; those beyond are on their way out.</param>
/// <param name="Kept">What goes on with the configuration it has.</param>
/// <param name="Problem">The first thing a person has to change; null when all is honoured.</param>
/// <param name="Blocked">Nothing of it can be honoured: there is no value in effect to keep.</param>
internal sealed record EffectiveSpec(BrokerClusterSpec Spec, int Staying, KeptConfigurations Kept, Problem? Problem, bool Blocked);
