using System.Runtime.CompilerServices;
using RocketOps.Remoting.Connections;

namespace RocketOps.Remoting.Tests.Connections;

public sealed class RequestBatchTests
{
    [Fact]
    public void Seal_Scratch_IsTheNextConnections()
    {
        // Neither touches its connection here.
        RequestBatch one = new(null!);
        RequestBatch other = new(null!);
        DriverRound round = DriverRound.Enter(runsItems: false);

        ref byte first = ref one.RentScratch(300)[0];
        one.Seal(round);
        ref byte second = ref other.RentScratch(300)[0];
        other.Seal(round);
        round.Exit();

        Unsafe.AreSame(ref first, ref second).Should().BeTrue("a thousand connections in one round use the same memory, which the processor has at hand");
    }

    [Fact]
    public void RentScratch_WithinABatch_IsKept()
    {
        RequestBatch batch = new(null!);
        DriverRound round = DriverRound.Enter(runsItems: false);

        ref byte first = ref batch.RentScratch(300)[0];
        ref byte second = ref batch.RentScratch(200)[0];
        batch.Seal(round);
        round.Exit();

        Unsafe.AreSame(ref first, ref second).Should().BeTrue();
    }
}
