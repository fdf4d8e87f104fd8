using Microsoft.Extensions.Logging;
using RocketOps.Hosting.Logging;
using RocketOps.Hosting.Processes;
using RocketOps.Hosting.Properties;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Hosting.Tests.Processes;

public sealed class ServerProgramTests
{
    private static readonly PropertyDefinition<LogLevel> Level = PropertyDefinition.Choice(
        "logLevel", LogLevel.Critical, new Dictionary<string, LogLevel>(StringComparer.Ordinal) { ["FATAL"] = LogLevel.Critical });

    private static readonly PropertyDefinition<LogFormat> Format = PropertyDefinition.Choice(
        "logFormat", LogFormat.Text, new Dictionary<string, LogFormat>(StringComparer.Ordinal) { ["TEXT"] = LogFormat.Text });

    [Fact]
    public async Task Run_ServerFails_IsStoppedAndExitsWithOne()
    {
        TaskCompletionSource<Exception> failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Host host = new();

        Task<int> running = ProgramOf(host, failed.Task).RunAsync([]);
        failed.SetResult(new IOException("nobody serves any more"));

        (await running.WaitAsync(Eventually.DefaultDeadline)).Should().Be(1);
        host.IsStopped.Should().BeTrue();
    }

    [Fact]
    public async Task Run_ServerFailsAndItsStopHangs_ExitsWithOneAllTheSame()
    {
        using ManualResetEventSlim go = new();
        FakeTimeProvider time = new();

        Task<int> running = ProgramOf(new HangingHost(go), Task.FromResult<Exception>(new IOException("nobody serves any more")), time).RunAsync([]);
        await Eventually.TrueAsync(() => time.PendingTimers == 1, "the stop is waited for");
        running.IsCompleted.Should().BeFalse();
        time.Advance(ServerProgram.LongestStopOfFailed);

        (await running.WaitAsync(Eventually.DefaultDeadline)).Should().Be(1);
        go.Set();
    }

    private static ServerProgram ProgramOf(IAsyncDisposable host, Task<Exception> failed, TimeProvider? time = null) => new()
    {
        Name = "RocketOps.Test",
        Usage = [],
        Catalog = new PropertyCatalog([Level, Format]),
        LogLevelKey = Level,
        LogFormatKey = Format,
        Time = time ?? TimeProvider.System,
        StartAsync = (_, _, _) => Task.FromResult(new StartedServer(host, "boot success", failed)),
    };

    private sealed class Host : IAsyncDisposable
    {
        public bool IsStopped { get; private set; }

        public ValueTask DisposeAsync()
        {
            IsStopped = true;
            return ValueTask.CompletedTask;
        }
    }

    /// <summary>Its stop waits for what the failed part holds, and not as a task.</summary>
    private sealed class HangingHost(ManualResetEventSlim go) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            go.Wait(Eventually.DefaultDeadline);
            return ValueTask.CompletedTask;
        }
    }
}
