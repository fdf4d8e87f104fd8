using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Interop.Tests.Limits;

namespace RocketOps.Interop.Tests.Apache4;

[Collection(Apache4Collection.Name)]
public sealed class LimitTestsOnApache4(Apache4Fixture fixture) : LimitTests(fixture);
