using System.Globalization;
using RocketOps.Client;

namespace RocketOps.Operator.Topics;

/// <summary>Says to people what of a topic waits elsewhere than in its queues.</summary>
internal static class PendingText
{
    private static readonly NumberFormatInfo Grouped = new() { NumberGroupSeparator = " " };

    /// <summary>A count as <c>1 204</c>.</summary>
    public static string Number(long number) => number.ToString("N0", Grouped);

    /// <summary>Returns the text for what is waited for; null when nothing waits.</summary>
    /// <param name="pending">The broker's answer; null when it does not know the question.</param>
    /// <param name="broker">Its group.</param>
    public static string? Of(PendingMessages? pending, string broker)
    {
        if (pending is null)
        {
            return $"{broker}, which cannot tell whether delayed, timed or transactional messages are on their way: it does not run a RocketOps broker of this version";
        }

        // The one that lasts longest says most.
        if (pending.Queues.OrderByDescending(static queue => queue.LastDueTimestampMs).ThenByDescending(static queue => queue.Count).FirstOrDefault() is { } last)
        {
            return Describe(last, broker);
        }

        string many = pending.Unread > 0 ? $"{Number(pending.Unread)} " : "";
        return pending.Complete ? null : $"{broker}, which is still looking through {many}delayed, timed and transactional messages";
    }

    private static string Describe(PendingQueue queue, string broker)
    {
        string messages = queue.Count == 1 ? "message" : "messages";
        string due = queue.LastDueTimestampMs > 0
            ? string.Create(CultureInfo.InvariantCulture, $", the last due at {DateTimeOffset.FromUnixTimeMilliseconds(Math.Min(queue.LastDueTimestampMs, DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())):yyyy-MM-dd'T'HH:mm:ss'Z'}")
            : "";
        return queue.Kind switch
        {
            "Half" => $"{Number(queue.Count)} {messages} for queue {queue.QueueId} of {broker} whose transactions have not ended",
            "Retry" => $"{Number(queue.Count)} {messages} that consumers sent back to {broker}{due}",
            "Timer" => $"{Number(queue.Count)} timed {messages} for queue {queue.QueueId} of {broker}{due}",
            _ => $"{Number(queue.Count)} delayed {messages} for queue {queue.QueueId} of {broker}{due}",
        };
    }
}
