using Microsoft.Extensions.Logging;
using RocketOps.Hosting.Logging;
using RocketOps.Hosting.Processes;
using RocketOps.Hosting.Properties;
using RocketOps.Testing;

namespace RocketOps.Hosting.Tests.Processes;

public sealed class ServerProgramTests
{
    private static readonly PropertyDefinition<LogLevel> Level = PropertyDefinition.Choice(
        "logLevel", LogLevel.Critical, new Dictionary<string, LogLevel>(StringComparer.Ordinal) { ["FATAL"] = LogLevel.Critical });

    private static readonly PropertyDefinition<LogFormat> Format = PropertyDefinition.Choice(
        "logFormat", LogFormat.Text, new Dictionary<string, LogFormat>(StringComparer.Ordinal) { ["TEXT"] = LogFormat.Text });

    [Fact]
    public async Task Run_ServerFails_IsStoppedInOrderAndExitsWithOne()
    {
        TaskCompletionSource<Exception> failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Host host = new();
        ServerProgram program = new()
        {
            Name = "RocketOps.Test",
            Usage = [],
            Catalog = new PropertyCatalog([Level, Format]),
            LogLevelKey = Level,
            LogFormatKey = Format,
            StartAsync = (_, _, _) => Task.FromResult(new StartedServer(host, "boot success", failed.Task)),
        };

        Task<int> running = program.RunAsync([]);
        failed.SetResult(new IOException("nobody serves any more"));

        (await running.WaitAsync(Eventually.DefaultDeadline)).Should().Be(1);
        host.IsStopped.Should().BeTrue();
    }

    private sealed class Host : IAsyncDisposable
    {
        public bool IsStopped { get; private set; }

        public ValueTask DisposeAsync()
        {
            IsStopped = true;
            return ValueTask.CompletedTask;
        }
    }
}
