using System.Runtime.ExceptionServices;
using System.Text;
using Microsoft.Extensions.Logging;
using RocketOps.Hosting.Logging;
using RocketOps.Testing;

namespace RocketOps.Hosting.Tests.Logging;

public sealed class CrashLogTests
{
    /// <summary>What is written when the runtime has told of the exception is all there will ever be.</summary>
    [Fact]
    public void Exception_NobodyCatchesIt_IsWrittenWithTheLinesBefore()
    {
        MemoryStream output = new();
        using ConsoleLog log = new(LogLevel.Information, output) { Patience = Eventually.DefaultDeadline };
        using (new CrashLog(log, "RocketOps.Test"))
        {
            log.WriteLine("RocketOps.Test", "before");

            ExceptionHandling.RaiseAppDomainUnhandledExceptionEvent(new InvalidOperationException("why"));
        }

        string[] lines = Encoding.UTF8.GetString(output.ToArray()).Split('\n');
        lines.Should().HaveCount(3);
        lines[0].Should().Be("before");
        lines[1].Should().EndWith(" crit Test[1023] Nobody has caught this exception: the process ends as if it was killed System.InvalidOperationException: why");
    }
}
