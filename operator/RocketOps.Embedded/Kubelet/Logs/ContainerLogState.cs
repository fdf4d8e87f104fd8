namespace RocketOps.Embedded.Kubelet.Logs;

/// <summary>
/// What a follower must take before it reads, so that nothing written in between is missed: Changed completes with
/// the next append, Generation grows with each rotation, Completed means that nothing will come.
/// </summary>
internal readonly record struct ContainerLogState(Task Changed, long Generation, bool Completed);
