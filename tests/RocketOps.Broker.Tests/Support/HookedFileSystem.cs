using RocketOps.Store.Files;

namespace RocketOps.Broker.Tests.Support;

/// <summary>The real file system; hooks see every rename and every deletion before it happens and may throw or wait.</summary>
internal sealed class HookedFileSystem() : ForwardingFileSystem(new LinuxFileSystem())
{
    private volatile Action<string>? _beforeRename;
    private volatile Action<string>? _beforeDelete;

    /// <summary>Gets the new path.</summary>
    public Action<string>? BeforeRename
    {
        get => _beforeRename;
        set => _beforeRename = value;
    }

    /// <summary>Gets the path of the file.</summary>
    public Action<string>? BeforeDelete
    {
        get => _beforeDelete;
        set => _beforeDelete = value;
    }

    public override void Rename(string from, string to)
    {
        BeforeRename?.Invoke(to);
        base.Rename(from, to);
    }

    public override void DeleteFile(string path)
    {
        BeforeDelete?.Invoke(path);
        base.DeleteFile(path);
    }
}
