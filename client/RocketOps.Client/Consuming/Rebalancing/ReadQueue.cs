using RocketOps.Client.Consuming.Queues;
using RocketOps.Client.Subscriptions;

namespace RocketOps.Client.Consuming.Rebalancing;

/// <summary>A queue this member reads. Changed under the <see cref="Rebalancer"/>'s gate only.</summary>
/// <param name="processing">The messages of it that were pulled.</param>
/// <param name="subscription">What is wanted of it.</param>
/// <param name="startOffset">Where reading begins.</param>
internal sealed class ReadQueue(ProcessQueue processing, Subscription subscription, long startOffset)
{
    public MessageQueue Queue => processing.Queue;

    public ProcessQueue Processing => processing;

    public Subscription Subscription => subscription;

    /// <summary>Offset at which reading begins; a seek may move it until then.</summary>
    public long StartOffset { get; set; } = startOffset;

    /// <summary>The pulling, with the offset where the broker says that the group is when that ended it; null before it begins.</summary>
    public Task<long?>? Pulling { get; set; }

    /// <summary>The pulling, and going on where the broker says; null before it begins.</summary>
    public Task? Following { get; set; }

    /// <summary>Giving it up; null while it is read. The queue is nobody's until this has ended.</summary>
    public Task? Releasing { get; set; }
}
