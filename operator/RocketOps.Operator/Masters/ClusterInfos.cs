using RocketOps.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Operator.Admin;
using RocketOps.Operator.Settings;

namespace RocketOps.Operator.Masters;

/// <summary>
/// Last answers of the name servers of clusters about who is registered, asked once for everything that is kept on masters. Thread-safe.
/// </summary>
internal sealed class ClusterInfos(OperatorOptions options, TimeProvider time)
{
    private readonly LatestAnswers<ObjectKey, ClusterInfo> _answers = new(time, options.AdminTimeout, options.ProgressInterval, options.ResyncInterval);

    /// <param name="cluster">The cluster.</param>
    /// <param name="admin">Its client.</param>
    /// <param name="isSettled">Nothing is awaited: the answer may be as old as half a round. Otherwise it is hardly older than the question, as addresses change with every restart.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public Task<Latest<ClusterInfo>> GetAsync(ObjectKey cluster, IRocketMqAdmin admin, bool isSettled, CancellationToken cancellationToken) =>
        _answers.GetAsync(cluster, isSettled ? options.ResyncInterval / 2 : options.ProgressInterval, admin.GetClusterInfoAsync, cancellationToken);

    /// <summary>Returns the last answer, without asking; null when there was none, or no name server answers.</summary>
    public ClusterInfo? Known(ObjectKey cluster) => _answers.Known(cluster);
}
