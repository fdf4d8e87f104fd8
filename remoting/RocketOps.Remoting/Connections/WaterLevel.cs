using System.Runtime.InteropServices;

namespace RocketOps.Remoting.Connections;

/// <summary>
/// Bytes that each connection may hold so that all of them keep a limit, as one look at every connection found it. Those that hold less
/// than the level leave the rest of their part to the others, as water does that fills vessels of different heights: a thousand that hold
/// nothing make no difference to those that hold something.
/// </summary>
/// <remarks>
/// A look costs two reads for each connection and a sort of as many numbers as there are connections that hold something; eight bytes for each of them are kept until the next one. One thread at a time looks, and
/// any thread may read what was found.
/// </remarks>
internal sealed class WaterLevel(long limit)
{
    /// <summary>
    /// So small a part of the limit (16 KiB of the usual 256 MiB) is left to each even when closed connections hold all of the limit: it is not those that hold next to nothing who are to pay for that. With more
    /// connections than this it is the limit divided by their number, so that these parts are no more than the limit together.
    /// </summary>
    private const int LittlePart = 16 * 1024;

    private readonly long _limit = limit;
    private readonly List<long> _held = [];
    private long _level = limit;
    private long _gone;

    /// <summary>Bytes that a connection may hold.</summary>
    public long Level => Volatile.Read(ref _level);

    /// <summary>Bytes of connections that are closed, or have left, and whose work goes on: closing others gives nothing of them back.</summary>
    public long Gone => Volatile.Read(ref _gone);

    /// <summary>
    /// The greatest level for which what all hold, each counted no further than to the level, is no more than <paramref name="room"/>: 0 where there is no room, <see cref="long.MaxValue"/> where there is
    /// for everything.
    /// </summary>
    /// <param name="held">Bytes that each holds, ascending.</param>
    /// <param name="room">Bytes for all of them.</param>
    public static long Find(ReadOnlySpan<long> held, long room)
    {
        if (room < 0)
        {
            return 0;
        }

        for (int i = 0; i < held.Length; i++)
        {
            // What those before this one have left, in equal parts.
            long part = room / (held.Length - i);
            if (held[i] > part)
            {
                return part;
            }

            room -= held[i];
        }

        return long.MaxValue;
    }

    /// <summary>Looks at all connections. Others go on counting meanwhile: what they take or give back in that moment, the result is wrong by.</summary>
    /// <param name="connections">Those that are open.</param>
    /// <param name="held">What they and those that are closed hold together: more than the limit.</param>
    public void Look(IEnumerable<RemotingConnection> connections, long held)
    {
        _held.Clear();
        long open = 0;
        int count = 0;
        foreach (RemotingConnection connection in connections)
        {
            count++;
            long bytes = connection.HeldBytes;
            if (bytes > 0 && !connection.IsAborted)
            {
                _held.Add(bytes);
                open += bytes;
            }
        }

        _held.Sort();
        long gone = Math.Max(0, held - open);
        long level = Find(CollectionsMarshal.AsSpan(_held), _limit - gone);
        Volatile.Write(ref _level, Math.Max(level, _limit / Math.Max(LittlePart, count)));
        Volatile.Write(ref _gone, gone);
    }

    /// <summary>
    /// Right after a <see cref="Look"/>, by the same thread: the greediest, as many as hold <paramref name="bytes"/> together, but none that holds no more than the level. All above it hold what is too much
    /// together, unless the closed hold more than the limit by themselves.
    /// </summary>
    public List<RemotingConnection> FindGreediest(IEnumerable<RemotingConnection> connections, long bytes)
    {
        int many = 0;
        while (bytes > 0 && many < _held.Count && _held[^(many + 1)] > _level)
        {
            many++;
            bytes -= _held[^many];
        }

        if (many == 0)
        {
            return [];
        }

        long least = _held[^many];
        return [.. connections.Where(connection => connection.HeldBytes >= least && !connection.IsAborted).Take(many)];
    }
}
