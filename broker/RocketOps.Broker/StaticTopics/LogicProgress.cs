using RocketOps.Broker.Offsets;
using RocketOps.Broker.StaticTopics.Mappings;

namespace RocketOps.Broker.StaticTopics;

/// <summary>
/// Progress of a group in a logical queue. It is kept beside the physical queue of the stretch it lies in, and the newest stretch that
/// knows any counts: progress that goes back over the border of a stretch takes away what is kept of those behind it, as far as they lie
/// here. The last one always does, as its broker leads the queue.
/// </summary>
internal static class LogicProgress
{
    /// <summary>Removes the progress behind a stretch, when progress in this stretch is kept.</summary>
    public static void ForgetBehind(LogicQueueMappingItem stretch, LogicQueue queue, ConsumerOffsetTable offsets, ReadOnlySpan<byte> topic, ReadOnlySpan<byte> group)
    {
        for (int i = queue.Items.Count - 1; i >= 0 && queue.Items[i].Gen != stretch.Gen; i--)
        {
            if (queue.Mapping.IsHere(queue.Items[i]))
            {
                offsets.Remove(topic, group, queue.Items[i].QueueId);
            }
        }
    }
}
