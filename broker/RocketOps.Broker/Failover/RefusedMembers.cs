using System.Net;
using Microsoft.Extensions.Logging;

namespace RocketOps.Broker.Failover;

/// <summary>Tells of whoever asked as a member of the group and was refused: each address once for each reason, and so many in an hour, as anybody may ask as often as he likes. Thread-safe.</summary>
internal sealed partial class RefusedMembers(TimeProvider time, ILogger logger)
{
    public const int MaxLines = 32;

    private static readonly TimeSpan Remembered = TimeSpan.FromHours(1);

    private readonly Lock _gate = new();
    private readonly HashSet<(IPAddress Peer, string Reason)> _told = [];
    private long _since;

    public void Tell(IPAddress peer, string reason)
    {
        int lines;
        lock (_gate)
        {
            if (_told.Count == 0 || time.GetElapsedTime(_since) >= Remembered)
            {
                _told.Clear();
                _since = time.GetTimestamp();
            }

            if (_told.Count == MaxLines || !_told.Add((peer, reason)))
            {
                return;
            }

            lines = _told.Count;
        }

        LogRefused(peer, reason);
        if (lines == MaxLines)
        {
            LogMore();
        }
    }

    [LoggerMessage(EventId = 3682, Level = LogLevel.Warning, Message = "Who asked from {Peer} as a member of this group was refused: {Reason}")]
    private partial void LogRefused(IPAddress peer, string reason);

    [LoggerMessage(EventId = 3684, Level = LogLevel.Warning, Message = "Whoever else asks as a member of this group and is refused within the hour is told of here no more")]
    private partial void LogMore();
}
