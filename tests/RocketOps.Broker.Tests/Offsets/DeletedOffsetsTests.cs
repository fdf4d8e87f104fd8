using System.Text;
using RocketOps.Broker.Offsets;
using RocketOps.Broker.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Offsets;

public sealed class DeletedOffsetsTests : IDisposable
{
    private readonly TempDirectory _directory = new("deleted-");
    private readonly RecordedLog _log = new();

    private string Config => Path.Combine(_directory.File("store"), "config");

    private string OffsetsFile => Path.Combine(_directory.File("store"), "config", "consumerOffset.json");

    public void Dispose() => _directory.Dispose();

    /// <summary>The group would pass over three messages of the topic that was made again.</summary>
    [Fact]
    public async Task Start_FileIsOfBeforeATopicWasDeletedAndMadeAgain_ItsOffsetsAreDropped()
    {
        byte[] older = await LeaveAsync();
        await PutBackAsync(older);

        await using TestBroker broker = await TestBroker.StartAsync(directory: _directory, loggers: _log);

        OffsetsAreDropped(broker);
    }

    /// <summary>No file of config/ knows of the deletion: the store does.</summary>
    [Fact]
    public async Task Start_AllOfConfigIsOfBefore_OffsetsOfTheTopicThatWasDeletedAreDropped()
    {
        using TempDirectory older = new("older-");
        await LeaveAsync(older);
        PutBackConfig(older);

        await using TestBroker broker = await TestBroker.StartAsync(directory: _directory, loggers: _log);

        OffsetsAreDropped(broker);
    }

    /// <summary>topics.json knows of no deletion then, at this start and at later ones.</summary>
    [Fact]
    public async Task Start_TopicsFileAloneIsOfBefore_OffsetsOfTheTopicThatWasMadeAgainStay()
    {
        using TempDirectory older = new("older-");
        await LeaveAsync(older);
        foreach (string name in (string[])["topics.json", "topics.json.bak"])
        {
            File.Delete(Path.Combine(Config, name));
        }

        File.Copy(Path.Combine(older.Path, "topics.json"), Path.Combine(Config, "topics.json"));
        await using (TestBroker first = await TestBroker.StartAsync(directory: _directory))
        {
            first.Host.Modules.Offsets.Consumers.Commit("Again", "later", 0, 4);
        }

        await using TestBroker broker = await TestBroker.StartAsync(directory: _directory, loggers: _log);

        broker.Host.Modules.Offsets.Consumers.Query("Again", "later", 0).Should().Be(4);
        _log.Lines.Should().NotContain(static line => line.Id == 3697);
    }

    [Fact]
    public async Task Start_FileIsOfAfterATopicWasMadeAgain_ItsOffsetsStay()
    {
        await LeaveAsync();

        await using TestBroker broker = await TestBroker.StartAsync(directory: _directory, loggers: _log);

        broker.Host.Modules.Offsets.Consumers.Query("Again", "later", 0).Should().Be(2);
        _log.Lines.Should().NotContain(static line => line.Id == 3697);
    }

    [Fact]
    public async Task Start_OlderFileIsOfAnotherBrokersMaking_ItsOffsetsStay()
    {
        string older = Encoding.UTF8.GetString(await LeaveAsync());
        string without = older.Replace("rocketOpsDeletions", "unknown", StringComparison.Ordinal);
        without.Should().NotBe(older);
        await PutBackAsync(Encoding.UTF8.GetBytes(without));

        await using TestBroker broker = await TestBroker.StartAsync(directory: _directory, loggers: _log);

        broker.Host.Modules.Offsets.Consumers.Query("Again", "g", 0).Should().Be(3);
        _log.Lines.Should().NotContain(static line => line.Id == 3697);
    }

    /// <summary>Leaves a topic that was deleted and made again. Returns the offsets' file of before.</summary>
    /// <param name="config">Gets all files of config/ of before.</param>
    private async Task<byte[]> LeaveAsync(TempDirectory? config = null)
    {
        await using (TestBroker before = await TestBroker.StartAsync(directory: _directory))
        {
            await before.CreateTopicAsync("Again", queues: 2);
            await before.CreateTopicAsync("Stays", queues: 1);
            await SendAsync(before, "Again", count: 5);
            await SendAsync(before, "Stays", count: 5);
            ConsumerOffsetTable offsets = before.Host.Modules.Offsets.Consumers;
            offsets.Commit("Again", "g", 0, 3);
            offsets.Commit("Again", "g", 1, 0);
            offsets.Commit("Stays", "g", 0, 3);
        }

        byte[] older = await File.ReadAllBytesAsync(OffsetsFile);
        foreach (string file in config is null ? [] : Directory.GetFiles(Config))
        {
            File.Copy(file, Path.Combine(config!.Path, Path.GetFileName(file)));
        }

        await using TestBroker later = await TestBroker.StartAsync(directory: _directory);
        await later.InvokeAsync(RemotingCommand.CreateRequest(RequestCode.DeleteTopicInBroker).Set("topic", "Again"));
        await later.CreateTopicAsync("Again", queues: 2);
        await SendAsync(later, "Again", count: 10);
        later.Host.Modules.Offsets.Consumers.Commit("Again", "later", 0, 2);
        return older;
    }

    private void PutBackConfig(TempDirectory older)
    {
        Directory.Delete(Config, recursive: true);
        Directory.CreateDirectory(Config);
        foreach (string file in Directory.GetFiles(older.Path))
        {
            File.Copy(file, Path.Combine(Config, Path.GetFileName(file)));
        }
    }

    private async Task PutBackAsync(byte[] older)
    {
        await File.WriteAllBytesAsync(OffsetsFile, older);
        File.Delete(OffsetsFile + ".bak");
    }

    private static async Task SendAsync(TestBroker broker, string topic, int count)
    {
        for (int i = 0; i < count; i++)
        {
            await broker.SendAsync(topic, "message");
        }
    }

    /// <summary>Checks that the offsets on the topic that was deleted are gone, that the others stay, and that the broker says so once.</summary>
    private void OffsetsAreDropped(TestBroker broker)
    {
        ConsumerOffsetTable offsets = broker.Host.Modules.Offsets.Consumers;
        offsets.Query("Again", "g", 0).Should().Be(-1);
        offsets.Query("Stays", "g", 0).Should().Be(3);
        _log.Lines.Should().ContainSingle(static line => line.Id == 3697).Which.Text.Should()
            .Contain("drops 2 offsets of group g on topic Again");
    }
}
