using System.Text;

namespace RocketOps.Broker.Filtering.BitMaps;

/// <summary>
/// The shape of the bit maps: how many bits one has, and which of them are a group's. A Bloom filter: groups may share bits, so that a set bit may mean nothing, and a clear one means
/// that the group's expression did not match. Source: store.md §3.4.
/// </summary>
internal sealed class BloomLayout
{
    private readonly int _bitsPerGroup;

    /// <param name="errorRate"><c>maxErrorRateOfBloomFilter</c>, 1 to 99: percent of the messages that a group has to look at in vain.</param>
    /// <param name="groups"><c>expectConsumerNumUseFilter</c>, positive: for so many groups of a topic that holds.</param>
    public BloomLayout(int errorRate, int groups)
    {
        double rate = errorRate / 100.0;
        _bitsPerGroup = (int)Math.Ceiling(Math.Log(rate) / Math.Log(0.5));
        double bits = Math.Ceiling(groups * (Math.Log(1 / rate) / Math.Log(2)) * (Math.Log(Math.E) / Math.Log(2)));
        Bytes = (int)Math.Ceiling((int)bits / 8.0);
    }

    /// <summary>Length of a bit map.</summary>
    public int Bytes { get; }

    public int Bits => Bytes * 8;

    /// <summary>The bits of a group in the maps of a topic's messages; two of them may be the same.</summary>
    public int[] PositionsOf(string group, string topic)
    {
        long hash = Murmur3.Hash64(Encoding.UTF8.GetBytes($"{group}#{topic}"));
        int first = unchecked((int)hash);
        int second = unchecked((int)(hash >>> 32));
        int[] positions = new int[_bitsPerGroup];
        for (int i = 0; i < positions.Length; i++)
        {
            int combined = unchecked(first + ((i + 1) * second));
            positions[i] = (combined < 0 ? ~combined : combined) % Bits;
        }

        return positions;
    }

    public static void Set(Span<byte> bitMap, int[] positions)
    {
        foreach (int position in positions)
        {
            bitMap[position >> 3] |= (byte)(1 << (position & 7));
        }
    }

    public static bool AreSet(ReadOnlySpan<byte> bitMap, int[] positions)
    {
        foreach (int position in positions)
        {
            if ((bitMap[position >> 3] & (1 << (position & 7))) == 0)
            {
                return false;
            }
        }

        return true;
    }
}
