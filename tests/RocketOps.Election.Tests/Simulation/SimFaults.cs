namespace RocketOps.Election.Tests.Simulation;

/// <summary>What goes wrong in a schedule: one fault after the other, until they are over.</summary>
internal sealed class SimFaults
{
    private readonly SimGroup _group;
    private readonly SimWorld _world;
    private readonly (double Weight, Action Happens)[] _faults;
    private readonly double _weights;
    private readonly SimMembership _membership;
    private readonly SimLuck _luck;
    private readonly SimMachineFaults _machines;
    private readonly SimLeaseFaults _leases;
    private readonly SimHangs _hangs;

    public SimFaults(SimGroup group, int seed)
    {
        _group = group;
        _world = group.World;
        _membership = new SimMembership(group);
        _luck = new SimLuck(group);
        _machines = new SimMachineFaults(group, _luck);
        _leases = new SimLeaseFaults(group, _luck, _membership);
        _hangs = new SimHangs(group, _luck, _leases, seed);
        SimNetworkFaults network = new(group, _luck);
        SimOptions options = group.Options;
        _faults =
        [
            (options.Kill, _machines.Kill),
            (options.PowerCut, () => _machines.CutPower(_luck.AnyMember())),
            (options.PowerCut / 4, _machines.CutAllPower),
            (options.Wipe, _machines.Wipe),
            (options.FileLost, _machines.LoseFile),
            (options.Pause, () => _machines.Pause(stopsClock: false)),
            (options.Suspend, () => _machines.Pause(stopsClock: true)),
            (options.Partition, network.Isolate),
            (options.CopiesCut, network.CutCopies),
            (options.FullDisk, _machines.FillDisk),
            (options.OneWayPartition, network.CutOneWay),
            (options.LeaseCut, network.CutLease),
            (options.LeaseOutage, network.CutAllLeases),
            (options.LeaseDeleted, _leases.DeleteLease),
            (options.LeaseEdited, _leases.EditLease),
            (options.LeaseSetBack, _leases.SetLeaseBack),
            (options.WallClock, _machines.SetWallClock),
            (options.SlowDisk, _machines.SlowDisk),
            (options.HandOver, _leases.HandOver),
            (options.HostFails, _machines.FailHost),
            (options.MemberChange, _membership.Change),
            (options.GoBack, _machines.GoBack),
            (options.GoBack / 8, _machines.GoBackAll),
        ];
        _weights = _faults.Sum(static fault => fault.Weight);
    }

    public void Begin()
    {
        _world.After(_group.Options.Undisturbed + _world.Between(0, 3000), Next);
        _hangs.Begin();
        if (_group.Options.GoBack > 0)
        {
            _machines.BeginCopies();
        }
    }

    /// <summary>Everything is repaired, and everybody started.</summary>
    public void End()
    {
        _luck.IsOver = true;
        _membership.IsOver = true;
        _group.Network.IsCalm = true;
        _group.LeaseStore.IsCalm = true;
        _group.Note("faults are over");
        _hangs.End();
        for (int i = 0; i < _group.Members.Count; i++)
        {
            _group.LeaseStore.Heal(i);
            for (int j = 0; j < _group.Members.Count; j++)
            {
                _group.Network.Heal(i, j);
            }

            _group.Members[i].DiskFactor = 1;
            _group.Members[i].Disk.IsFull = false;
            if (!_group.Members[i].IsUp && _group.Members[i].IsPart)
            {
                _group.Members[i].Start();
            }
        }
    }

    /// <inheritdoc cref="SimLeaseFaults.HelpByHand"/>
    public void HelpByHand() => _leases.HelpByHand();

    /// <inheritdoc cref="SimMachineFaults.MustMoveAway"/>
    public bool MustMoveAway(SimMember member) => _machines.MustMoveAway(member);

    private void Next()
    {
        if (_luck.IsOver || _weights <= 0)
        {
            return;
        }

        if (_leases.IsQuiet)
        {
            _world.After(_world.Between(0, 2 * _group.Options.FaultEveryMs), Next);
            return;
        }

        double at = _world.Random.NextDouble() * _weights;
        foreach ((double weight, Action happens) in _faults)
        {
            at -= weight;
            if (at <= 0)
            {
                happens();
                break;
            }
        }

        _world.After(_world.Between(0, 2 * _group.Options.FaultEveryMs), Next);
    }
}
