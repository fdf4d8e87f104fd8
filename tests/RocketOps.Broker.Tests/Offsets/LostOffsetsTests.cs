using RocketOps.Broker.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Offsets;

public sealed class LostOffsetsTests : IDisposable
{
    private const int Event = 3699;

    private readonly TempDirectory _directory = new("offsets-");

    private string OffsetsFile => Path.Combine(_directory.File("store"), "config", "consumerOffset.json");

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("{\"offsetTable\":{}}")]
    public async Task Start_FileIsMissingOrEmpty_SaysSoOnceAndHowToSetOffsets(string? content)
    {
        await LeaveAsync(sends: true, subscribes: true);
        File.Delete(OffsetsFile + ".bak");
        File.Delete(OffsetsFile);
        if (content is not null)
        {
            await File.WriteAllTextAsync(OffsetsFile, content);
        }

        (await StartAsync()).Lines.Should().ContainSingle(static line => line.Id == Event).Which.Text.Should()
            .Contain("config/consumerOffset.json").And.Contain("1 consumer groups").And.Contain("rocketops group reset");
        (await StartAsync()).Lines.Should().NotContain(static line => line.Id == Event, "the file is there");
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task Start_NoGroupOrNoMessage_NothingIsLost(bool sends, bool subscribes)
    {
        await LeaveAsync(sends, subscribes);
        File.Delete(OffsetsFile + ".bak");
        File.Delete(OffsetsFile);

        (await StartAsync()).Lines.Should().NotContain(static line => line.Id == Event);
    }

    /// <summary>The file is written, too, when there is no offset: then it was not lost.</summary>
    [Fact]
    public async Task Start_GroupThatNeverCommittedAnOffset_NothingIsLost()
    {
        await LeaveAsync(sends: true, subscribes: true, commits: false);

        (await StartAsync()).Lines.Should().NotContain(static line => line.Id == Event);
    }

    [Fact]
    public async Task Start_AllOfConfigIsMissing_SaysThatTheOffsetsAreLostOnce()
    {
        await LeaveAsync(sends: true, subscribes: true);
        Directory.Delete(Path.GetDirectoryName(OffsetsFile)!, recursive: true);

        (await StartAsync()).Lines.Should().ContainSingle(static line => line.Id == 3703).Which.Text.Should()
            .Contain("config/ is missing").And.Contain("offsets of all groups are lost");
        (await StartAsync()).Lines.Should().NotContain(static line => line.Id == 3703, "the folder is there");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("{\"offsetTable\":{\"T@g\":{0:")]
    public async Task Start_BackupIsRead_SaysSo(string? content)
    {
        await LeaveAsync(sends: true, subscribes: true);
        File.Move(OffsetsFile, OffsetsFile + ".bak", overwrite: true);
        if (content is not null)
        {
            await File.WriteAllTextAsync(OffsetsFile, content);
        }

        (await StartAsync()).Lines.Should().ContainSingle(static line => line.Id == 3702).Which.Text.Should()
            .Contain("consumerOffset.json.bak");
    }

    private async Task<RecordedLog> StartAsync()
    {
        RecordedLog log = new();
        await using TestBroker broker = await TestBroker.StartAsync(directory: _directory, loggers: log);
        return log;
    }

    private async Task LeaveAsync(bool sends, bool subscribes, bool commits = true)
    {
        await using TestBroker broker = await TestBroker.StartAsync(directory: _directory);
        await broker.CreateTopicAsync("T", queues: 1);
        if (sends)
        {
            await broker.SendAsync("T", "message");
        }

        if (subscribes)
        {
            await broker.SubscribeAsync("g", "T");
            if (commits)
            {
                broker.Host.Modules.Offsets.Consumers.Commit("T", "g", 0, 1);
            }
        }
    }
}
