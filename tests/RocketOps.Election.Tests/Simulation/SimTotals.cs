namespace RocketOps.Election.Tests.Simulation;

/// <summary>What all schedules of a run came to: shows that the faults happened. Thread-safe.</summary>
internal sealed class SimTotals
{
    private readonly Lock _lock = new();

    public long Acknowledged { get; private set; }

    public long Failovers { get; private set; }

    public long Cuts { get; private set; }

    public long HandedOver { get; private set; }

    public long GivenBack { get; private set; }

    public long GivenWay { get; private set; }

    public long LostBeyondRepair { get; private set; }

    public long Changes { get; private set; }

    public long Hangs { get; private set; }

    public long HeldUp { get; private set; }

    public long GoneBack { get; private set; }

    public void Add(SimChecker checker)
    {
        lock (_lock)
        {
            Acknowledged += checker.Acknowledged;
            Failovers += checker.Failovers;
            Cuts += checker.Cuts;
            HandedOver += checker.HandedOver;
            GivenBack += checker.GivenBack;
            GivenWay += checker.GivenWay;
            LostBeyondRepair += checker.LostBeyondRepair;
            Changes += checker.Changes;
            Hangs += checker.Hangs;
            HeldUp += checker.HeldUp;
            GoneBack += checker.GoneBack;
        }
    }

    public override string ToString() => $"{Acknowledged} messages acknowledged, {Failovers} masters, {HandedOver} switchovers, {GivenBack} leases given back, {GivenWay} by masters that were cut off, {Changes} members added or taken out, {Hangs} disks hung and held up {HeldUp} promises, {GoneBack} disks went back in time, {Cuts} cuts, {LostBeyondRepair} messages lost with all their disks or by decision";
}
