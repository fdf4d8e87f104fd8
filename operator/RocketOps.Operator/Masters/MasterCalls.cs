using RocketOps.Operator.Admin;
using RocketOps.Operator.Clusters;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Masters;

/// <summary>Requests to one master within a pass: they end in time, and a failure is a value.</summary>
internal sealed class MasterCalls(OperatorOptions options, TimeProvider time)
{
    public async Task<T> WithDeadlineAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = new CancellationTokenSource(options.AdminTimeout, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        return await call(either.Token);
    }

    /// <summary>The same of a request that answers nothing.</summary>
    public Task WithDeadlineAsync(Func<CancellationToken, Task> call, CancellationToken cancellationToken) => WithDeadlineAsync(
        async token =>
        {
            await call(token);
            return true;
        },
        cancellationToken);

    /// <summary>Describes what a failed request means for the object: a refusal is its problem, silence is waited out.</summary>
    /// <returns>Exactly one of the two.</returns>
    public static (Problem? Refused, Problem? Silent) Describe(Exception failed, string broker) => AdminFailures.Refusal(failed) is { } refusal
        ? (new Problem(Reasons.Refused, $"{broker} refuses: {refusal}."), null)
        : (null, new Problem(Reasons.BrokerUnreachable, $"The master of {broker} does not answer the operator."));

    /// <summary>Returns the problem of a write that waits, as somebody asked.</summary>
    public static Problem Paused(ClusterPause pause) => new(Reasons.Paused, $"Topics and consumer groups of the cluster are not written {pause.End()}.");

    /// <summary>The cluster's controller knows why nobody can send there; null when people can.</summary>
    public static Problem? SendsRefused(BrokerCluster cluster, string broker)
    {
        BrokerGroupStatus? group = cluster.Status?.Groups?.Find(group => group.Name == broker);
        BrokerMemberStatus? refusing = group?.Members?.Find(static member => member is { Role: BrokerMemberRole.Master, SendsRefused: not null });
        return refusing is null
            ? null
            : new Problem(MasterRefusals.Reason(refusing.RefusedBy), $"{broker} takes no messages: {refusing.SendsRefused}. BrokerCluster {cluster.Metadata.Name} says what to do.");
    }
}
