using RocketOps.Broker.Configuration;
using RocketOps.Election.Epochs;
using RocketOps.Election.Members;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Failover;

/// <summary>
/// Keeps a broker whose role people give from the store of a group that elects its master: as a master it would take messages beside the elected one, and either way the log would go on without the epochs that tell later
/// whose bytes are whose.
/// </summary>
internal static class FixedRoleCheck
{
    /// <summary>
    /// Throws when a broker with a fixed role has such a store. To be called before anything of the store is written or opened for writing.
    /// </summary>
    /// <exception cref="StoreException">The store belongs to such a group; the message says what to do.</exception>
    /// <exception cref="InvalidDataException">What is noted of the group is damaged.</exception>
    /// <exception cref="StoreIOException">The disk cannot be asked.</exception>
    public static void ThrowIfElected(BrokerOptions options, IStoreFileSystem files)
    {
        if (options.Group is null && new MemberFiles(files, options.StoreRoot).FindGroup() is { Length: > 0 } group)
        {
            throw new StoreException(
                $"The store at {options.StoreRoot} belongs to a group that elects its master (group {group}, see {MemberStateFile.Name} there), and this broker has a fixed role (brokerRole). Nothing was done with it. "
                + "Set failover=Automatic with the group's memberName, groupMembers and leaseStore. "
                + $"Or, to give it a fixed role for good: stop all members of the group and delete {MemberStateFile.Name}, {MemberFiles.RunName} and {EpochFile.Name} in {options.StoreRoot}. "
                + "Which copy has everything that was acknowledged, and which master wrote which part of the log, is not known any more then: see docs/replication.md.");
        }
    }
}
