using System.Buffers;
using RocketOps.Broker.Groups;
using RocketOps.Broker.Json;
using RocketOps.Testing.Memory;

namespace RocketOps.Broker.Tests.Json;

public sealed class BrokerJsonFileTests
{
    /// <summary>A table of a hundred thousand groups has fifty megabytes: it goes to the file a piece at a time.</summary>
    [Fact]
    public void WriteFile_OfALargeTable_TakesAPieceOfTheMemory()
    {
        const int Groups = 10_000;
        GroupTableFile table = new() { Groups = Enumerable.Range(0, Groups).ToDictionary(static i => $"g{i}", static i => new SubscriptionGroupConfig { GroupName = $"g{i}" }) };
        Discarded all = new();
        BrokerJson.WriteFile(all, table, GroupJson.Files.GroupTableFile);

        long allocated = Allocations.Least(() => BrokerJson.WriteFile(new Discarded(), table, GroupJson.Files.GroupTableFile), enough: all.Bytes / 10);

        all.Bytes.Should().BeGreaterThan(300 * Groups);
        allocated.Should().BeLessThan(all.Bytes / 4);
    }

    private sealed class Discarded : IBufferWriter<byte>
    {
        private byte[] _buffer = new byte[16 * 1024];

        public long Bytes { get; private set; }

        public void Advance(int count) => Bytes += count;

        public Memory<byte> GetMemory(int sizeHint = 0)
        {
            if (sizeHint > _buffer.Length)
            {
                _buffer = new byte[sizeHint];
            }

            return _buffer;
        }

        public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
    }
}
