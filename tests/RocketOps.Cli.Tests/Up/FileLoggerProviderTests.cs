using Microsoft.Extensions.Logging;
using RocketOps.Cli.Up;
using RocketOps.Testing;

namespace RocketOps.Cli.Tests.Up;

public sealed class FileLoggerProviderTests
{
    [Fact]
    public void Log_ToADiskWithoutRoom_CountsWhatIsLostAndThrowsNothing()
    {
        // Every write to it fails as on a full disk.
        FileLoggerProvider log = new("/dev/full", TimeProvider.System);
        ILogger logger = log.CreateLogger("test");

        FluentActions.Invoking(() => Say(logger, "one")).Should().NotThrow();
        FluentActions.Invoking(() => Say(logger, "two")).Should().NotThrow();
        FluentActions.Invoking(log.Dispose).Should().NotThrow();

        log.Loss.Should().StartWith("2 lines of /dev/full are missing: No space left on device").And.EndWith("Make room on that disk.");
    }

    [Fact]
    public void Log_ToAFile_AddsLinesToWhatIsThere()
    {
        using TempDirectory directory = new();
        string path = directory.File("rocketops.log");
        for (int i = 0; i < 2; i++)
        {
            using FileLoggerProvider log = new(path, TimeProvider.System);
            Say(log.CreateLogger("test"), $"line {i}");
            log.Loss.Should().BeNull();
        }

        File.ReadAllLines(path).Select(static line => line[24..]).Should().Equal("Information test: line 0", "Information test: line 1");
    }

    private static void Say(ILogger logger, string text) => logger.Log(LogLevel.Information, default, text, null, static (state, _) => state);
}
