using RocketOps.Interop.Tests.Fixtures;

namespace RocketOps.Interop.Tests.Apache4;

[Collection(Apache4Collection.Name)]
public sealed class ExportTestsOnApache4(Apache4Fixture fixture) : ExportTests(fixture);
