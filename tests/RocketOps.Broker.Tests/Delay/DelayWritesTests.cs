using RocketOps.Broker.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Delay;

/// <summary>How many writes the delivery of delayed messages costs: what bounds the messages a level can deliver in a second, whatever the machine.</summary>
public sealed class DelayWritesTests
{
    [Fact]
    public async Task Deliver_ManyAreDue_OneWriteForEachRead()
    {
        const int Messages = 4_000;
        const int OfOneRead = 1_024;
        MemoryFileSystem files = new();
        await DelayedMessages.WriteAsync(files, "/store", Messages);
        int writes = 0;
        files.Fault = (operation, path) =>
        {
            if (operation == "write" && path.Contains("/commitlog/", StringComparison.Ordinal))
            {
                Interlocked.Increment(ref writes);
            }

            return null;
        };
        Dictionary<string, string> settings = new(StringComparer.Ordinal)
        {
            ["storePathRootDir"] = "/store",
            ["messageDelayLevel"] = "0s",
            // What bounds the answer to a consumer does not bound what the broker reads for itself.
            ["maxTransferCountOnMessageInMemory"] = "1",
            ["maxTransferCountOnMessageInDisk"] = "1",
        };

        await using TestBroker broker = await TestBroker.StartAsync(settings, fileSystem: files);
        await Eventually.TrueAsync(() => broker.Host.Modules.Offsets.Delays.Get(1) == Messages, "all are delivered");

        broker.Host.Modules.Host.Store.GetStats().MessagesAppended.Should().Be(Messages);
        Volatile.Read(ref writes).Should().BeLessThanOrEqualTo((Messages / OfOneRead) + 5, "each read is stored with one write, and the start writes a little");
    }
}
