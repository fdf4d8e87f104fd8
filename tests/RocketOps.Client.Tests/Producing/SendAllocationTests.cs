using System.Diagnostics;
using RocketOps.Client.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Client.Tests.Producing;

/// <summary>Alone, as what other tests allocate meanwhile would count.</summary>
[CollectionDefinition(nameof(SendAllocationTests), DisableParallelization = true)]
[Collection(nameof(SendAllocationTests))]
public sealed class SendAllocationTests
{
    private const int Sends = 2000;

    // Without optimisation every asynchronous method has an object of its own, also those that share one otherwise.
#if DEBUG
    private const int MaxBytes = 2304;
#else
    private const int MaxBytes = 1024;
#endif

    [Fact]
    public async Task Send_RoundTrip_AllocatesNoMoreThanAllowed()
    {
        using CannedBroker broker = new();
        await using RocketMqProducer producer = new(new ProducerOptions { NameServers = broker.Address, ConnectTimeout = Eventually.DefaultDeadline, RequestTimeout = Eventually.DefaultDeadline, SendTimeout = Eventually.DefaultDeadline });
        Message message = new("T", new byte[128], "TagA", "key-1");

        // The least of some rounds: what else goes on in the process, and code that is not compiled for good yet, only add.
        long least = long.MaxValue;
        long first = Stopwatch.GetTimestamp();
        while (least > MaxBytes && Stopwatch.GetElapsedTime(first) < Eventually.DefaultDeadline)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            for (int i = 0; i < Sends; i++)
            {
                SendResult result = await producer.SendAsync(message);
                if (result.QueueOffset != 17)
                {
                    throw new InvalidOperationException(result.ToString());
                }
            }

            least = Math.Min(least, (GC.GetTotalAllocatedBytes(precise: true) - before) / Sends);
        }

        least.Should().BeLessThanOrEqualTo(MaxBytes);
    }
}
