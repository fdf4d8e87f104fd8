using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Embedded.Kubelet.Processes;
using RocketOps.Testing;

namespace RocketOps.Embedded.Tests.Kubelet.Processes;

public sealed class ProcessLedgerTests : IDisposable
{
    private readonly TempDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task EndOrphans_RecordedProcess_IsEnded()
    {
        using Process orphan = Process.Start("sleep", "60");
        NewLedger().Add(ProcessIdentity.Of(orphan.Id)!.Value, "sleep");

        int ended = await NewLedger().EndOrphansAsync(TimeSpan.FromSeconds(5), CancellationToken.None);

        ended.Should().Be(1);
        await orphan.WaitForExitAsync();
        Directory.GetFiles(_folder.Path).Should().BeEmpty();
    }

    [Fact]
    public async Task EndOrphans_IdNowBelongsToAnotherProcess_IsLeftAlone()
    {
        using Process innocent = Process.Start("sleep", "60");
        try
        {
            NewLedger().Add(new ProcessIdentity(innocent.Id, "another boot/1"), "broker");

            int ended = await NewLedger().EndOrphansAsync(TimeSpan.FromSeconds(5), CancellationToken.None);

            ended.Should().Be(0);
            innocent.HasExited.Should().BeFalse();
            Directory.GetFiles(_folder.Path).Should().BeEmpty();
        }
        finally
        {
            innocent.Kill();
        }
    }

    private ProcessLedger NewLedger() => new(_folder.Path, TimeProvider.System, NullLogger.Instance);
}
