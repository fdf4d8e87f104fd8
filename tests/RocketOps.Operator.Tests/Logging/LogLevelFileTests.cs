using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RocketOps.Operator.Logging;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Operator.Tests.Logging;

public sealed class LogLevelFileTests : IAsyncLifetime
{
    private readonly TempDirectory _directory = new();
    private readonly FakeTimeProvider _time = new();
    private IHost _host = null!;

    private string File => _directory.File("log-level");

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task File_AppearingChangingAndGoing_SetsTheLevelOfLoggersInUse()
    {
        await StartAsync();
        ILogger ours = Logger("RocketOps.Operator.Topics.TopicController");
        ILogger framework = Logger("Microsoft.AspNetCore.Server.Kestrel");
        Least(ours).Should().Be(LogLevel.Information);

        await SayAsync("Debug\n");
        await AwaitAsync(ours, LogLevel.Debug);
        Least(framework).Should().Be(LogLevel.Warning, "what the framework does is nobody's question");

        await SayAsync("error");
        await AwaitAsync(ours, LogLevel.Error);
        Least(framework).Should().Be(LogLevel.Error);

        System.IO.File.Delete(File);
        await AwaitAsync(ours, LogLevel.Information);
    }

    [Fact]
    public async Task File_WithAnotherWord_LeavesTheLevelAsItIs()
    {
        await SayAsync("debug");
        await StartAsync();
        ILogger ours = Logger("RocketOps");
        await AwaitAsync(ours, LogLevel.Debug);

        await SayAsync("verbose");
        await TurnsAsync(3);
        Least(ours).Should().Be(LogLevel.Debug);

        await SayAsync("warn");
        await AwaitAsync(ours, LogLevel.Warning);
    }

    [Fact]
    public async Task Folder_ExchangedBehindALink_IsRead()
    {
        // As the kubelet brings a change of a ConfigMap: the file is a link through a link that is exchanged.
        await FolderAsync("1", "debug");
        Directory.CreateSymbolicLink(_directory.File("..data"), _directory.File("1"));
        System.IO.File.CreateSymbolicLink(File, Path.Combine("..data", "log-level"));
        await StartAsync();
        ILogger ours = Logger("RocketOps");
        await AwaitAsync(ours, LogLevel.Debug);

        await FolderAsync("2", "warn");
        Directory.Delete(_directory.File("..data"));
        Directory.CreateSymbolicLink(_directory.File("..data"), _directory.File("2"));

        await AwaitAsync(ours, LogLevel.Warning);
    }

    private static LogLevel Least(ILogger logger) => Enum.GetValues<LogLevel>().Where(logger.IsEnabled).Min();

    private Task SayAsync(string text) => System.IO.File.WriteAllTextAsync(File, text);

    private Task FolderAsync(string name, string text)
    {
        Directory.CreateDirectory(_directory.File(name));
        return System.IO.File.WriteAllTextAsync(Path.Combine(_directory.File(name), "log-level"), text);
    }

    private ILogger Logger(string category) => _host.Services.GetRequiredService<ILoggerFactory>().CreateLogger(category);

    private Task AwaitAsync(ILogger logger, LogLevel level) => Eventually.TrueAsync(
        () =>
        {
            _time.Advance(LogLevelFile.Interval);
            return Least(logger) == level;
        },
        $"the level is {level}");

    private async Task TurnsAsync(int count)
    {
        for (int turn = 0; turn < count; turn++)
        {
            await Eventually.TrueAsync(() => _time.PendingTimers == 1, "the file was read and the next time is awaited");
            _time.Advance(LogLevelFile.Interval);
        }

        await Eventually.TrueAsync(() => _time.PendingTimers == 1, "the last reading has ended");
    }

    private async Task StartAsync()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSingleton<TimeProvider>(_time);
        builder.Logging.AddOperatorLog(isForCollectors: true, LogLevel.Information, File);
        _host = builder.Build();
        await _host.StartAsync();
    }
}
