using System.Text;
using RocketOps.Testing.Remoting;

namespace RocketOps.Faults.Tests.Histories;

/// <summary>One message as a consumer got it.</summary>
public sealed record Reading(int QueueId, long QueueOffset, string Body)
{
    public static Reading Of(RawRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return new Reading(record.QueueId, record.QueueOffset, Encoding.UTF8.GetString(record.Body.Span));
    }
}
