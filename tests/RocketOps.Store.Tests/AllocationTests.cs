using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Contracts;
using RocketOps.Store.Log;
using RocketOps.Store.Reading;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing;
using RocketOps.Testing.Memory;

namespace RocketOps.Store.Tests;

public sealed class AllocationTests
{
    [Fact]
    public async Task SendAndPull_SteadyState_AllocateNothing()
    {
        using TempDirectory directory = new();

        // What is measured lies in the second half of a file, where every append looks whether the next one is being prepared.
        StoreOptions options = new() { RootDirectory = directory.Path, CommitLogFileBytes = 12 * 1024 * 1024, IndexEnabled = false, Tuning = StoreTunings.Patient with { DiskWarningRatio = 100, DeleteHours = [] } };
        await using MessageStore store = await SmallStore.StartAsync(options, hasThreads: false);
        StoreTopic topic = store.GetOrAddTopic("Hot"u8);
        byte[] body = new byte[1024];
        byte[] output = new byte[64 * 1024];
        GetResult result = new();
        Run(store, topic, body, output, result, rounds: 400);

        long allocated = Allocations.Least(() => Run(store, topic, body, output, result, rounds: 100), enough: 1599);

        // 1600 messages. A queue's ring grows once or twice on the way to its full size, which is not per message.
        allocated.Should().BeLessThan(1600, "less than a byte per message is left");
    }

    private static void Run(MessageStore store, StoreTopic topic, byte[] body, byte[] output, GetResult result, int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            PhysicalOffset end = default;
            long offset = 0;
            for (int i = 0; i < 16; i++)
            {
                MessageToAppend message = new()
                {
                    Topic = topic,
                    QueueId = 0,
                    Fields = TestMessages.Fields,
                    Body = body,
                    Properties = "TAGS\u0001a\u0002UNIQ_KEY\u00010123456789ABCDEF"u8,
                };
                if (store.Writer.Append(message, out AppendResult appended) != AppendStatus.Ok)
                {
                    throw new InvalidOperationException("append failed");
                }

                offset = i == 0 ? appended.QueueOffset : offset;
                end = appended.End;
            }

            if (store.Writer.WritePending() != end || store.Reader.GetMessages(topic, 0, offset, new GetLimits(16), null, result) != GetStatus.Found || !store.Reader.TryCopyMessages(result, output))
            {
                throw new InvalidOperationException("write or read failed");
            }
        }
    }
}
