using System.Runtime.InteropServices;
using RocketOps.Cli.Running;

namespace RocketOps.Cli.Tests.Running;

public sealed class StopSignalsTests
{
    [Fact]
    public void Signal_HeardWhileTheyEnd_IsTaken()
    {
        StopSignals signals = new();
        signals.Dispose();
        PosixSignalContext interrupt = new(PosixSignal.SIGINT);

        signals.OnSignal(interrupt);

        interrupt.Cancel.Should().BeTrue("the command that it ended has an exit code of its own");
    }
}
