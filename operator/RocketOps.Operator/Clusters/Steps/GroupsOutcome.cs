using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Status;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>Answers of a cluster's programs about themselves.</summary>
/// <param name="Groups">The groups, with what their members say and what of it has lasted.</param>
/// <param name="Registrations">What the name servers know.</param>
/// <param name="NameServersSilent">None of the name servers serves, or one that serves does not answer, and that has lasted.</param>
/// <param name="Refused">Pods that the API server refuses to make.</param>
internal sealed record GroupsOutcome(
    IReadOnlyList<ObservedGroup> Groups, BrokerRegistrations Registrations, bool NameServersSilent, RefusedPods Refused);
