using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Hosting;

public sealed class RestartTests : IDisposable
{
    private readonly TempDirectory _directory = new("broker-");

    [Theory]
    [InlineData("ASYNC_FLUSH")]
    [InlineData("SYNC_FLUSH")]
    public async Task Restart_AfterAStop_EverythingIsThere(string flush)
    {
        Dictionary<string, string> settings = new(StringComparer.Ordinal) { ["flushDiskType"] = flush };
        await using (TestBroker broker = await TestBroker.StartAsync(settings, _directory))
        {
            await broker.CreateTopicAsync("Kept", queues: 3);
            await broker.SendAsync("Kept", "one");
            await broker.SendAsync("Kept", "two");
            await broker.SubscribeAsync("g", "Kept");
            await broker.PullAsync("g", "Kept", 0, 0, PullMessageRequestHeader.CommitOffsetFlag, commit: 1);
        }

        await using TestBroker again = await TestBroker.StartAsync(settings, _directory);

        RemotingCommand offset = await again.InvokeAsync(Requests.Progress("g", "Kept", 0));
        offset.Get("offset").Should().Be("1");
        await again.SubscribeAsync("g", "Kept");
        Requests.Decode(await again.PullAsync("g", "Kept", 0, 0)).Select(static message => message.Body).Should().Equal("one", "two");
        (await again.SendAsync("Kept", "three")).Get("queueOffset").Should().Be("2");
        (await again.SendAsync("Kept", "three", queueId: 2)).Get("queueId").Should().Be("2");
    }

    [Fact]
    public async Task Start_DirectoryIsInUse_LeavesTheTablesToWhoHasThem()
    {
        await using TestBroker broker = await TestBroker.StartAsync(directory: _directory);
        await broker.CreateTopicAsync("Kept");
        string[] files = Directory.GetFiles(_directory.File("store/config"));
        Dictionary<string, byte[]> before = files.ToDictionary(static file => file, File.ReadAllBytes, StringComparer.Ordinal);

        Func<Task> second = () => TestBroker.StartAsync(directory: _directory);

        (await second.Should().ThrowAsync<StoreException>()).WithMessage("*in use*");
        Directory.GetFiles(_directory.File("store/config")).Should().BeEquivalentTo(files);
        foreach (string file in files)
        {
            (await File.ReadAllBytesAsync(file)).Should().Equal(before[file], $"{file} is another broker's");
        }
    }

    [Fact]
    public async Task Stop_OffsetsCannotBeWritten_StoreIsClosedAllTheSame()
    {
        HookedFileSystem files = new()
        {
            BeforeRename = to =>
            {
                if (Path.GetFileName(to) is "consumerOffset.json" or "delayOffset.json")
                {
                    throw new StoreIOException("rename", to, StoreIOException.NoSpace, "No space left on device");
                }
            },
        };
        await using (TestBroker broker = await TestBroker.StartAsync(directory: _directory, fileSystem: files))
        {
            await broker.SendAsync("Closed", "one");
            await broker.SubscribeAsync("g", "Closed");
            await broker.PullAsync("g", "Closed", 0, 0, PullMessageRequestHeader.CommitOffsetFlag, commit: 1);
        }

        File.Exists(_directory.File("store/abort")).Should().BeFalse("a store that was closed in order says so");
    }

    [Fact]
    public async Task Slave_Role_ServesReadsAndRefusesSends()
    {
        await using (TestBroker master = await TestBroker.StartAsync(directory: _directory))
        {
            await master.SendAsync("Copied", "one");
        }

        await using TestBroker slave = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["brokerRole"] = "SLAVE", ["brokerId"] = "1" }, _directory);

        (await slave.InvokeAsync(Requests.Send("Copied", "x"))).Code.Should().Be(ResponseCode.ServiceNotAvailable);
        await slave.SubscribeAsync("g", "Copied");
        Requests.Decode(await slave.PullAsync("g", "Copied", 0, 0)).Select(static message => message.Body).Should().Equal("one");
    }

    /// <summary>
    /// No checksum covers the queue offset of a record. One that says 0 behind others means, where all of the log is read again, that the topic was made again, if the next one says 1; else it is damage, and costs that
    /// record.
    /// </summary>
    [Theory]
    [InlineData("ASYNC_MASTER", "0")]
    [InlineData("SLAVE", "1")]
    public async Task Start_QueueOffsetOfOneRecordSaysZero_CostsThatRecordAlone(string role, string id)
    {
        long damaged;
        await using (TestBroker broker = await TestBroker.StartAsync(directory: _directory))
        {
            foreach (string body in (string[])["one", "two", "three", "four"])
            {
                await broker.SendAsync("Damaged", body);
            }

            await broker.SubscribeAsync("g", "Damaged");
            damaged = Requests.Decode(await broker.PullAsync("g", "Damaged", 0, 0))[2].PhysicalOffset;
        }

        using (FileStream log = File.OpenWrite(_directory.File("store/commitlog/00000000000000000000")))
        {
            log.Position = damaged + RecordLayout.QueueOffsetAt;
            log.Write(new byte[sizeof(long)]);
        }

        // As after the end of a machine before anything was durable: recovery makes the queue again from all of the log.
        File.Delete(_directory.File("store/checkpoint"));
        await File.WriteAllBytesAsync(_directory.File("store/abort"), []);

        await using TestBroker again = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["brokerRole"] = role, ["brokerId"] = id }, _directory);

        await again.SubscribeAsync("g", "Damaged");
        Requests.Decode(await again.PullAsync("g", "Damaged", 0, 0)).Select(static message => message.Body).Should().Equal("one", "two", "four");
        Directory.Exists(_directory.File("store/damaged")).Should().BeFalse();
    }

    [Fact]
    public async Task Start_StoreInUse_IsRefused()
    {
        await using TestBroker broker = await TestBroker.StartAsync(directory: _directory);

        await FluentActions.Awaiting(() => TestBroker.StartAsync(directory: _directory)).Should().ThrowAsync<StoreException>();
    }

    public void Dispose() => _directory.Dispose();
}
