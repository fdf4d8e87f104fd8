using RocketOps.Kubernetes.LeaderElection;

namespace RocketOps.Kubernetes.Controllers;

/// <summary>The election of this process, or none.</summary>
internal sealed record OperatorElector(LeaderElector? Elector);
